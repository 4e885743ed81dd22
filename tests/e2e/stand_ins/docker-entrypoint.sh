#!/bin/bash
# Stands in for WordPress' entry point: puts the site where Apache looks for it, unless it is there.
set -eu
: "${WORDPRESS_DB_HOST:?}" "${WORDPRESS_DB_USER:?}" "${WORDPRESS_DB_PASSWORD:?}" "${WORDPRESS_DB_NAME:?}"
[ -e /var/www/html/cgi-bin ] || cp -R /stand_in/blog_www/. /var/www/html/
exec "$@"
