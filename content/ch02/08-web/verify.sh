published=$(docker container ls --format '{{.Ports}}')
if ! grep -q ':8088->80/tcp' <<<"$published"; then
    reason "호스트의 8088 포트를 컨테이너의 80 포트로 공개한 컨테이너가 실행 중이 아니에요." \
        "No running container publishes its port 80 as port 8088 of the host."
    exit 1
fi
# The server needs a moment after its container has started.
for _ in 1 2 3 4 5 6; do
    curl --fail --silent --show-error --max-time 0.5 --output /dev/null http://localhost:8088 2>/dev/null && exit 0
    sleep 0.1
done
reason "localhost:8088이 아직 응답하지 않아요. 잠시 뒤 다시 확인해 보세요." \
    "localhost:8088 does not answer yet. Check again in a moment."
exit 1
