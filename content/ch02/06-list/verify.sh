typed 'docker +(container +(ls|ps|list)|ps)( .*)? (-[a-z]*a[a-z]*|--all)( |$)' && exit 0
reason "아직 전체 목록을 보지 않았어요. --all을 붙여 보세요." \
    "You have not listed all containers yet. Add --all."
exit 1
