count=$(containers | awk '$2 == "diamol/ch02-hello-diamol" && $4 == 0' | wc -l)
[ "$count" -ge 2 ] && exit 0
reason "diamol/ch02-hello-diamol 컨테이너가 아직 $count개예요. 두 개가 되도록 실행해 보세요." \
    "diamol/ch02-hello-diamol containers so far: $count. Run it until there are two."
exit 1
