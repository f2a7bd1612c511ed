#!/bin/sh
# CGI: says who served.
printf 'Content-Type: text/plain\r\n\r\n'
echo "hello from $CLOUD, node $NODE, pod $POD ($ADDRESS), asked by ${REMOTE_ADDR:-nobody}"
