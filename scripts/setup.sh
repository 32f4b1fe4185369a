#!/bin/sh
# Make .venv and install one file of pinned, hashed requirements into it.
# usage: setup.sh requirements/base.txt
set -eu
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(sh scripts/python.sh)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "缺少 venv 模块：请先安装系统软件包 python$version-venv，再运行一次。" >&2
        exit 1
    fi
    "$python" -m venv --clear .venv
fi
.venv/bin/python -c 'import pip' 2>/dev/null || .venv/bin/python -m ensurepip --upgrade >/dev/null
echo "正在安装 $1 ……"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
