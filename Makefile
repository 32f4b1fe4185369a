# 票决：make 列出命令；make demo 在本机启动演示。
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
export PYTHON
PY := .venv/bin/python
MANAGE := $(PY) manage.py
MESSAGES := $(wildcard locale/*/LC_MESSAGES/*.po)
AS_TEST := DJANGO_SETTINGS_MODULE=tests.settings
CODE := manage.py scripts projects workflow notifications tests

.PHONY: help setup dev demo test check lint types imports migrations browser long mining bench lighthouse messages pins clean

help: ## 列出命令
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.base .venv/.messages ## 安装运行所需（.venv，按哈希核对）
	@:
dev: .venv/.dev .venv/.messages ## 安装开发和测试所需
	@:

.venv/.base: requirements/base.txt scripts/setup.sh
	@[ -e .venv/.dev ] && [ .venv/.dev -nt requirements/dev.txt ] || sh scripts/setup.sh requirements/base.txt
	@touch $@

.venv/.dev: requirements/dev.txt scripts/setup.sh
	@sh scripts/setup.sh requirements/dev.txt
	@touch $@ .venv/.base

.venv/.messages: .venv/.base $(MESSAGES)
	@for file in $(MESSAGES); do \
		.venv/bin/pybabel --quiet compile --input-file $$file --output-file $${file%.po}.mo || exit 1; done
	@touch $@

demo: setup ## 启动演示（第一次会建库并放入演示数据，没有建完的重建），按 Ctrl-C 停止
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo --today "$$(TZ=CST-8 date +%F)"
	@$(MANAGE) up

test: dev browser ## 全部检查和测试（与持续集成相同）；静态检查与测试同时进行，结果在最后列出
	@said="$$(mktemp)"; nice $(MAKE) --no-print-directory -k check >"$$said" 2>&1 & check=$$!; \
	CHROMIUM="$$(sh scripts/browser.sh)" $(PY) -m pytest -n 2 --dist worksteal -m "not bench"; tests=$$?; \
	wait $$check; static=$$?; cat "$$said"; rm "$$said"; \
	[ $$static -eq 0 ] || echo "静态检查未通过，见上。" >&2; \
	[ $$tests -eq 0 ] && [ $$static -eq 0 ]

check: dev lint types imports migrations ## 不运行测试，只做静态检查

lint: dev ## 代码风格
	@.venv/bin/ruff check $(CODE)
	@.venv/bin/ruff format --check $(CODE)

types: dev ## 类型检查
	@$(AS_TEST) .venv/bin/mypy projects workflow notifications

imports: dev ## 包之间的依赖方向
	@$(AS_TEST) .venv/bin/lint-imports

migrations: dev ## 模型与迁移一致
	@$(AS_TEST) $(MANAGE) makemigrations --check --dry-run

browser:
	@sh scripts/browser.sh >/dev/null

long: dev ## 长时间的检验（性质、并发、杀死进程，足量），结果写入 var/long/result.json
	@$(MAKE) --no-print-directory mining || echo "没有 pm4py，流程挖掘的核对略过。" >&2
	@PIAOJUE_LONG=1 $(PY) -m pytest -n 2 --dist worksteal -m long

mining: var/mining/.made ## 为核对流程日志另建环境（pm4py 不与本系统装在一起）
	@:

var/mining/.made: requirements/mining.txt
	@[ -x .venv/bin/python ] || $(MAKE) --no-print-directory dev
	@rm -rf var/mining && mkdir -p var/mining
	@echo "正在安装 $< ……"
	@$(PY) -m venv var/mining/.venv
	@var/mining/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: dev ## 性能测量
	@$(PY) -m pytest -m bench -s

lighthouse: setup ## 用 Lighthouse 测量正在运行的演示的页面（需要 npm，机器不能忙）
	@sh scripts/lighthouse.sh

messages: dev ## 收集新的界面文字到翻译目录
	@$(PY) -m scripts.messages

pins: dev ## 按 pyproject.toml 重新锁定依赖
	@for extra in base dev; do \
		.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --upgrade \
			$$([ $$extra = base ] || echo --extra $$extra) pyproject.toml -o requirements/$$extra.txt || exit 1; done

clean: ## 删除缓存（不删数据）
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
