ended=$(containers | awk '$2 == "diamol/ch02-hello-diamol" { print $4 }')
if grep -qx 0 <<<"$ended"; then exit 0; fi
if [ -z "$ended" ]; then
    reason "아직 diamol/ch02-hello-diamol 컨테이너가 없어요. 명령을 실행해 보세요." \
        "There is no diamol/ch02-hello-diamol container yet. Run the command."
else
    reason "컨테이너가 아직 잘 끝나지 않았어요. 한 번 더 실행해 보세요." \
        "The container has not ended well yet. Run it once more."
fi
exit 1
