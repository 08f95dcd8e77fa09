#!/usr/bin/env bash
# The main job on real input: profile two servers nobody prepared, run a test suite, find a leak.
# Sourced by ./run, which has built build/release. Everything started here ends here.
# SPDX-License-Identifier: MIT

demo_pids=()
demo_dir=
demo_logs=build/logs

demo_end() {
  local pid
  for pid in "${demo_pids[@]}"; do
    kill "$pid" 2>/dev/null || continue # already gone
  done
  wait
  [ -z "$demo_dir" ] || rm -rf "$demo_dir"
}

# A port of 127.0.0.1 that nobody listens on, below those the kernel hands out by itself.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  say "no free port from 20000 to 32000 on 127.0.0.1"
  return 1
}

wait_for_port() {
  local port=$1 i
  for ((i = 0; i < 200; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    sleep 0.05
  done
  say "nothing answers on port $port"
  return 1
}

# start NAME COMMAND...: in the background, its output kept beside the other logs.
start() {
  local name=$1
  shift
  "$@" >"$demo_logs/$name.log" 2>&1 </dev/null &
  demo_pids+=($!)
  demo_pid=$!
}

start_nginx() {
  mkdir -p "$demo_dir/nginx"
  head -c 612 /dev/zero | tr '\0' x >"$demo_dir/nginx/index.html"
  chmod -R a+rX "$demo_dir"
  cat >"$demo_dir/nginx.conf" <<CONF
daemon off; worker_processes 2; pid $demo_dir/nginx.pid; error_log $demo_dir/error.log;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $demo_dir/t1; proxy_temp_path $demo_dir/t2; fastcgi_temp_path $demo_dir/t3;
  uwsgi_temp_path $demo_dir/t4; scgi_temp_path $demo_dir/t5;
  server { listen 127.0.0.1:$1; root $demo_dir/nginx; }
}
CONF
  start nginx /usr/sbin/nginx -p "$demo_dir" -c "$demo_dir/nginx.conf" -e "$demo_dir/error.log"
}

# profile NAME PID: three seconds of a server under load, to out/NAME.pb.gz and out/NAME.svg
profile() {
  "$assay" record -p "$2" -d 3 -F 997 -o "out/$1.pb.gz" &&
    "$assay" report "out/$1.pb.gz" -o "out/$1.svg"
}

demo_nginx() {
  local port
  port=$(free_port)
  start_nginx "$port"
  local server=$demo_pid
  wait_for_port "$port"
  start wrk wrk -t1 -c32 -d10s "http://127.0.0.1:$port/index.html"
  local load=$demo_pid
  step "nginx, profiled by pid while wrk loads it" profile nginx "$server"
  kill "$load" "$server"
}

demo_redis() {
  local port
  port=$(free_port)
  start redis redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$demo_dir"
  local server=$demo_pid
  wait_for_port "$port"
  start redis-benchmark redis-benchmark -p "$port" -q -n 100000000 -P 8 -t set,get -r 100000 -d 100
  local load=$demo_pid
  step "redis, profiled by pid while redis-benchmark loads it" profile redis "$server"
  kill "$load" "$server"
}

demo_suite() {
  step "sample suite against the sample server" \
    "$assay" test build/release/bin/sample_suite --junit out/tests.xml
  tail -n 12 "$demo_logs/sample-suite-against-the-sample-server.log" | sed 's/^/      /' >&2
}

# The leaky server answers some requests, then ends; the check must find what it lost.
leak_check() {
  local port status=0 i
  port=$(free_port)
  BUG=definite PORT=$port "$assay" leaks --quiet -o out/leaks.txt -o out/leaks.json -- \
    build/release/fixtures/leaky &
  local checked=$!
  demo_pids+=("$checked")
  wait_for_port "$port"
  for ((i = 0; i < 25; i++)); do
    curl -s -o /dev/null "http://127.0.0.1:$port/"
  done
  kill -TERM "$checked"
  wait "$checked" || status=$?
  [ "$status" -eq 1 ] || { echo "assay leaks exited $status; 1 was expected"; return 1; }
}

demo_leaks() {
  step "leaky sample server under traffic, checked for leaks" leak_check
  sed -n '1,14p' out/leaks.txt | sed 's/^/      /' >&2
}

demo() {
  assay=build/release/bin/assay
  mkdir -p out
  demo_dir=$(mktemp -d)
  trap demo_end EXIT
  demo_nginx
  demo_redis
  demo_suite
  demo_leaks
  say ""
  say "Done. Open these:"
  say "  out/nginx.svg out/redis.svg     flamegraphs (any browser; click, type to search)"
  say "  out/nginx.pb.gz out/redis.pb.gz the same profiles in pprof's format"
  say "  out/tests.xml                   JUnit report of the sample suite"
  say "  out/leaks.txt out/leaks.json    what the leaky server lost, and where it allocated it"
  say "Next: build/release/bin/assay doctor, then assay record -p PID on a server of yours."
}
