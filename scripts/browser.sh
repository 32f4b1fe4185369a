#!/bin/sh
# See to it that the browser tests find a Chromium and Chinese fonts; print where the browser is.
# The shell without a window comes first: it has no window's work to do, which is a fifth of the whole browser's.
find_browser() {
    for candidate in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}
has_fonts() {
    [ "$(uname)" = Darwin ] || [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]
}
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1
}
if ! { find_browser >/dev/null && has_fonts; } && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "正在安装浏览器和中文字体……" >&2
    apt-get update >/dev/null 2>&1 || true
    install chromium-headless-shell || install chromium || true
    install fontconfig fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 || true
fi
find_browser || {
    echo "页面测试需要 Chromium 或 Chrome：请先安装（Debian：apt-get install chromium），或用 CHROMIUM=/路径 指定。" >&2
    exit 1
}
has_fonts || {
    echo "页面测试需要中文字体：请先安装（Debian：apt-get install fonts-noto-cjk）。" >&2
    exit 1
}
