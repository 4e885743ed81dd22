#!/bin/bash
# The page of a blog: its posts from the database (where it has one), its files from FILES. A POST
# adds to both.
rows() { # rows METHOD [BODY]
  exec 3<>"/dev/tcp/$DB_HOST/3306" || return
  printf '%s /cgi-bin/rows HTTP/1.0\r\nAuthorization: Basic %s\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$(printf %s "$DB_USER:$DB_PASSWORD" | base64)" "${#2}" "${2:-}" >&3
  sed '1,/^\r$/d' <&3
}
printf 'Content-Type: text/plain\r\n\r\n'
echo "$TITLE, start $(wc -l <"$FILES/starts")"
if [ "$REQUEST_METHOD" = POST ]; then
  post=$(head -c "$CONTENT_LENGTH")
  echo "$post" >>"$FILES/uploads"
  sync
  if [ -n "${DB_HOST:-}" ]; then rows POST "$post" >/dev/null; fi
fi
sed 's/^/file: /' "$FILES/uploads" 2>/dev/null
if [ -n "${DB_HOST:-}" ]; then rows GET | sed 's/^/row: /'; fi
