# The habits of this project by their short names.
MVN = ./mvnw -B --no-transfer-progress
ifneq (,$(findstring :,$(CURDIR)))
$(error the folder $(CURDIR) has a ':' in its name, which for Java separates paths: rename or move it)
endif

# Maven may be started by an older Java, the formatter and Error Prone not.
export JAVA_HOME := $(shell tools/jdk)

.PHONY: build test lint format bench fuzz sbom installer image reproducible checksums clean

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

sbom: ## what is in it: target/bom.json (CycloneDX)
	$(MVN) -q org.cyclonedx:cyclonedx-maven-plugin:makeAggregateBom

installer: ## an installer of this machine's kind with a Java of its own, into target/installer
	packaging/installer target/installer

image: ## an image of the server for containers: target/image/skald.tar
	packaging/image target/image

reproducible: ## builds what is published twice and compares each byte
	packaging/reproducible

RECORD = -Daether.artifactResolver.postProcessor.trustedChecksums.record=true
checksums: ## records the SHA-256 of all that the build downloads, after a change of versions
	rm -f .mvn/checksums/checksums.sha256
	$(MVN) -q $(RECORD) -P no-format,release,sign -Dgpg.skip=true -Dmaven.clean.skip=true \
		clean verify artifact:buildinfo org.cyclonedx:cyclonedx-maven-plugin:makeAggregateBom \
		-Dtest=CatalogueTest -Dsurefire.failIfNoSpecifiedTests=false
	$(MVN) -q $(RECORD) -f packaging/jib dependency:resolve-plugins -DincludeArtifactIds=jib-maven-plugin

clean:
	$(MVN) -q clean
