#!/bin/sh
# Lighthouse on a running demonstration: performance and accessibility of public, inbox, step and county pages, on a
# telephone (390 px wide, four times slower, slow 4G) and at a desk; the median of several runs as a table.
# usage: sh scripts/lighthouse.sh [ADDRESS [RUNS]]       (http://127.0.0.1:8000 and 3 unless given)
# Wants node, npm and, the first time, the network; program and reports stay in var/lighthouse. On a machine with nothing
# else to do; 1 where a page is below 0.95 (performance) or 1 (accessibility).
set -eu
cd "$(dirname "$0")/.."
address=${1:-http://127.0.0.1:8000}
runs=${2:-3}
version=12.8.2  # the last one that runs on node 18 and 20
folder=$PWD/var/lighthouse
lighthouse=$folder/node_modules/.bin/lighthouse
CHROME_PATH=$(sh scripts/browser.sh)
export CHROME_PATH

mkdir -p "$folder"
if [ ! -x "$lighthouse" ]; then
    echo "正在安装 lighthouse $version ……" >&2
    npm install --silent --no-audit --no-fund --prefix "$folder" "lighthouse@$version" >&2
fi
rm -rf "$folder/reports"
mkdir "$folder/reports"
nobody=$folder/nobody.json
clerk=$folder/clerk.json
county=$folder/county.json
umask 077
trap 'rm -f "$nobody" "$clerk" "$county" "$folder/jar"' EXIT
password=$(.venv/bin/python manage.py cast --json | sed -n 's/.*"password": "\(.*\)",/\1/p' | head -n 1)

# A session's cookie as Lighthouse takes it: sign_in USER FILE
sign_in() {
    jar=$folder/jar
    rm -f "$jar"
    curl -fsS -c "$jar" "$address/login/" >/dev/null
    token=$(awk '$6 == "csrftoken" { print $7 }' "$jar")
    curl -fsS -b "$jar" -c "$jar" -H "Referer: $address/login/" --data-urlencode "username=$1" \
        --data-urlencode "password=$password" -d "csrfmiddlewaretoken=$token" "$address/login/" >/dev/null
    session=$(awk '$6 == "sessionid" { print $7 }' "$jar")
    rm -f "$jar"
    [ -n "$session" ] || { echo "无法以 $1 登录 $address。" >&2; exit 2; }
    printf '{"Cookie": "sessionid=%s"}' "$session" >"$2"
}

# look NAME PATH HEADERS
look() {
    run=1
    while [ "$run" -le "$runs" ]; do
        for form in phone desk; do
            case $form in
                phone) shape="--form-factor=mobile --screenEmulation.mobile --screenEmulation.width=390 --screenEmulation.height=844" ;;
                desk) shape="--preset=desktop" ;;
            esac
            # shellcheck disable=SC2086
            "$lighthouse" "$address$2" --quiet --output=json --output-path="$folder/reports/$1.$form.$run.json" \
                --only-categories=performance,accessibility --extra-headers="$3" $shape \
                --chrome-flags="--headless --no-sandbox"
        done
        run=$((run + 1))
    done
}

echo '{}' >"$nobody"
sign_in gov_clerk@SF08 "$clerk"
sign_in county@SF00 "$county"
cookie=$(sed 's/.*"sessionid=\(.*\)".*/\1/' "$clerk")
step=$(curl -fsS -b "sessionid=$cookie" "$address/inbox/" | grep -o '/tasks/[0-9]*/' | head -n 1)
[ -n "$step" ] || { echo "gov_clerk@SF08 没有待办事项。" >&2; exit 2; }

look public /t/SF08/ "$nobody"
look inbox /inbox/ "$clerk"
look step "$step" "$clerk"
look county /county/ "$county"

node - "$folder/reports" <<'JS'
const fs = require("fs"), path = require("path"), folder = process.argv[2];
const found = {};
for (const name of fs.readdirSync(folder).sort()) {
  const report = JSON.parse(fs.readFileSync(path.join(folder, name))), key = name.split(".").slice(0, 2).join(" ");
  if (report.runtimeError) { console.error(`${name}: ${report.runtimeError.message}`); process.exit(2); }
  (found[key] ??= []).push(report);
}
const median = values => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
let low = false;
console.log("| page | performance | accessibility | LCP ms | TBT ms | CLS |\n|---|---|---|---|---|---|");
for (const [key, reports] of Object.entries(found)) {
  const of = (take, digits) => median(reports.map(take)).toFixed(digits);
  const performance = of(one => one.categories.performance.score, 2);
  const accessibility = of(one => one.categories.accessibility.score, 2);
  const audit = (name, digits) => of(one => one.audits[name].numericValue, digits);
  low ||= performance < 0.95 || accessibility < 1;
  console.log(`| ${key} | ${performance} | ${accessibility} | ${audit("largest-contentful-paint", 0)} | ` +
    `${audit("total-blocking-time", 0)} | ${audit("cumulative-layout-shift", 3)} |`);
  const missed = reports[0].categories.accessibility.auditRefs
    .filter(one => one.weight && reports[0].audits[one.id].score === 0).map(one => one.id);
  if (missed.length) { console.log(`  ${missed.join(", ")}`); }
}
process.exit(low ? 1 : 0);
JS
