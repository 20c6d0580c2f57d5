id=$(docker container ls --no-trunc --format '{{.ID}} {{.Ports}}' | awk '/:8088->80\/tcp/ { print $1; exit }')
if [ -z "$id" ]; then
    reason "웹 컨테이너가 실행 중이 아니에요. 8088:80으로 공개해서 실행해 보세요." \
        "The web container is not running. Run it with 8088:80 published."
elif ! docker container diff "$id" | grep -qx 'C /usr/local/apache2/htdocs/index.html'; then
    reason "컨테이너의 index.html이 처음 그대로예요. 컨테이너 안에서 바꿔 보세요." \
        "The container's index.html is still the original. Change it inside the container."
elif ! curl --fail --silent --max-time 0.7 --output /dev/null http://localhost:8088; then
    reason "파일은 바뀌었는데 localhost:8088이 응답하지 않아요." \
        "The file has changed, but localhost:8088 does not answer."
else
    exit 0
fi
exit 1
