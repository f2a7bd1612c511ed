#!/bin/sh
# Makes what the webhook proves itself by: an authority, and a certificate for the name of its Service. The key of
# the authority is thrown away: for another certificate run this again, then deploy again.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p certificates
cd certificates
curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
# shellcheck disable=SC2086 # several words
openssl req -x509 $curve -days 365 -subj "/CN=policy webhook" -keyout ca.key -out ca.crt
# shellcheck disable=SC2086 # several words
openssl req $curve -subj "/CN=policy.webhook.svc" -keyout tls.key -out tls.csr
echo "subjectAltName=DNS:policy.webhook.svc" > tls.cnf
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile tls.cnf -out tls.crt
rm -f ca.key ca.srl tls.csr tls.cnf
