#!/bin/sh
# Asks its own side and the other one again and again, and counts what is answered and what is not.
own_answered=0 own_failed=0 peer_answered=0 peer_failed=0
trap 'exit 0' TERM
while :; do
    if own=$(timeout 2 wget -q -O - http://hello/cgi-bin/hello 2>/dev/null); then
        own_answered=$((own_answered + 1))
    else
        own_failed=$((own_failed + 1)) own="no answer"
    fi
    if peer=$(timeout 2 wget -q -O - http://hello-peer/cgi-bin/hello 2>/dev/null); then
        peer_answered=$((peer_answered + 1))
    else
        peer_failed=$((peer_failed + 1)) peer="no answer"
    fi
    echo "own answered=$own_answered failed=$own_failed peer answered=$peer_answered failed=$peer_failed | $own | $peer"
    sleep 0.5 &
    wait $!
done
