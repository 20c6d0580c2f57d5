inside=no
while read -r id image state _; do
    [ "$image" = diamol/base ] || continue
    [ "$(docker container inspect --format '{{.Config.Tty}} {{.Config.OpenStdin}}' "$id")" = "true true" ] || continue
    [ "$state" = exited ] && exit 0
    inside=yes
done < <(containers)
if [ "$inside" = yes ]; then
    reason "아직 컨테이너가 실행 중이에요. 컨테이너 안에서 exit를 보내 보세요." \
        "The container is still running. Send exit inside it."
else
    reason "--interactive와 --tty로 실행한 diamol/base 컨테이너가 없어요." \
        "There is no diamol/base container that was run with --interactive and --tty."
fi
exit 1
