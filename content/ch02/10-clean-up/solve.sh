enter 'docker container rm --force $(docker container ls --all --quiet)'
