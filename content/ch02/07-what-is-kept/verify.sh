# What was read or copied is known by its line: to look for the file in each container would take as long as the lab's
# share of such work allows. A container that was started again has said hello twice; it is asked last, since that takes
# a call for each.
again() {
    while read -r id image _; do
        [ "$image" = diamol/ch02-hello-diamol ] || continue
        [ "$(docker container logs "$id" 2>&1 | grep -c 'Hello from')" -gt 1 ] && return 0
    done < <(containers)
    return 1
}

if ! typed "docker +(container +)?logs "; then
    missing=logs
elif ! typed "docker +(container +)?cp "; then
    missing=cp
elif ! again; then
    missing=start
else
    exit 0
fi
reason "docker container $missing 명령이 아직 남았어요." "docker container $missing is still to do."
exit 1
