if ! typed 'docker +(container +(ls|ps|list)|ps)( .*)? (-[a-z]*a[a-z]*|--all)( |$)'; then
    reason "아직 전체 목록을 보지 않았어요. --all을 붙여 보세요." \
        "You have not listed all containers yet. Add --all."
    exit 1
fi
containers | grep -q ' exited ' && exit 0
reason "끝난 컨테이너가 하나도 없어서 목록이 비어 있어요. 컨테이너를 하나 실행한 뒤 다시 보세요." \
    "The list is empty, since no container has ended here. Run a container, then list again."
exit 1
