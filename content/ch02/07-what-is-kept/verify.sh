for word in logs cp start; do
    typed "docker +(container +)?$word " && continue
    reason "docker container $word 명령이 아직 남았어요." "docker container $word is still to do."
    exit 1
done
