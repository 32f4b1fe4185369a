#!/bin/sh
# Print the first Python of at least 3.11; PYTHON names one to prefer.
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
echo "需要 Python 3.11 或更新版本；可用 make PYTHON=/路径/python3 指定。" >&2
exit 1
