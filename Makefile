# The habits of this project by their short names.
MVN = ./mvnw -B --no-transfer-progress

.PHONY: build test lint format bench fuzz clean

build: ## the command, ready to run as ./skald
	$(MVN) -q -Dmaven.test.skip=true -pl cli -am package

test: ## everything CI checks
	./mvnw verify

lint: ## formatting, Error Prone and NullAway, without the tests
	$(MVN) -q spotless:check test-compile

format:
	$(MVN) -q spotless:apply

bench: build ## measures this machine
	./skald bench

fuzz: ## every reader with coverage guidance, ten minutes (SECONDS=n for another time)
	$(MVN) -q -pl fuzz -am test -Dtest=FuzzJob -Dsurefire.failIfNoSpecifiedTests=false -Dskald.fuzz.seconds=$(or $(SECONDS),600)

clean:
	$(MVN) -q clean
