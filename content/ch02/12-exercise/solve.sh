enter 'docker container run --detach --publish 8088:80 diamol/ch02-hello-diamol-web'
docker container exec "$(docker container ls --quiet)" \
    sh -c "cd /usr/local/apache2/htdocs && echo '<h1>Hello, Dosirak</h1>' > index.html"
