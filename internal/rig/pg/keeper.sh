# Stands beside a private PostgreSQL: makes the cluster, runs the server, and ends it and
# removes everything when standard input (a pipe held by the test process) closes.
# Arguments: the folder of this server, the folder of the programs, the kept cluster (tar), "later" for a
# server that stands after a failover or "" for one that does not, and further options of the server.
set -eu
umask 077
base=$1 bin=$2 template=$3 later=$4 data=$1/data
shift 4
trap 'rm -rf "$base"' EXIT
exec 3<&0 </dev/null

# Only a plain file that we ourselves own is taken: the temporary folder is open to everyone.
if ! { [ -f "$template" ] && [ ! -L "$template" ] && [ -O "$template" ] &&
	mkdir "$data" && tar -xf "$template" -C "$data"; }; then
	rm -rf "$data"
	"$bin/initdb" --no-sync -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C
	if tar -cf "$base/template.tar" -C "$data" .; then
		mv -f "$base/template.tar" "$template" || rm -f "$base/template.tar"
	fi
fi
chmod 700 "$data"
# A recovery that finds nothing to recover ends at once, and begins a new timeline as every promotion does.
[ -z "$later" ] || touch "$data/recovery.signal"

"$bin/postgres" -D "$data" -k "$base" \
	-c listen_addresses= -c fsync=on -c max_connections=200 -c shared_buffers=64MB -c timezone=UTC \
	-c log_min_messages=warning -c wal_level=replica "$@" 3<&- &
server=$!
(
	cat <&3 >/dev/null
	kill -QUIT "$server"
) &
watch=$!
exec 3<&-
wait "$server" || true
kill "$watch" 2>/dev/null || true
