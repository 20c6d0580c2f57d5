enter 'docker container ls --all'
