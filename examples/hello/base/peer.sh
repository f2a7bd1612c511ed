#!/bin/sh
# CGI: asks a replica on the other side, through the Service that `twinspan deploy` makes for it.
answer=$(timeout 2 wget -q -O - http://hello-peer/cgi-bin/hello 2>/dev/null)
if [ -n "$answer" ]; then
    printf 'Content-Type: text/plain\r\n\r\n'
    echo "$CLOUD asked its peer: $answer"
else
    printf 'Status: 502 Bad Gateway\r\nContent-Type: text/plain\r\n\r\n'
    echo "$CLOUD asked its peer: no answer"
fi
