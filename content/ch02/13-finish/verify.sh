left=$(docker container ls --all --quiet | wc -l)
[ "$left" -eq 0 ] && exit 0
reason "컨테이너가 아직 $left개 남아 있어요." "Containers still here: $left."
exit 1
