#!/bin/sh
# Print a Python of at least 3.11: the one PYTHON names, the system's own, or the first on the path.
# A distribution optimises its Python by profile, which one built on the machine mostly is not.
for candidate in ${PYTHON:-} /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
    case $candidate in
        /usr/bin/python3) needed="ensurepip, sys, venv" ;; # Debian's may come without; another then does
        *) needed="sys" ;;
    esac
    if "$candidate" -c "import $needed; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
echo "需要 Python 3.11 或更新版本；可用 make PYTHON=/路径/python3 指定。" >&2
exit 1
