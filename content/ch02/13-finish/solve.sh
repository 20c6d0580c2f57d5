enter 'docker rm -f $(docker ps -aq)'
