@echo off
rem Starts Skald on Windows: finds a JDK 25, builds what is not built, runs the command.
setlocal EnableExtensions EnableDelayedExpansion
rem Programs are not looked for where the caller stands.
set "NoDefaultCurrentDirectoryInExePath=1"
set "root=%~dp0"
set "dist=%root%cli\target\skald"
set "jdk="

if defined SKALD_JAVA_HOME (
    call :check "%SKALD_JAVA_HOME%"
    if not defined jdk (
        echo skald: SKALD_JAVA_HOME ^(%SKALD_JAVA_HOME%^) is not a JDK 25 or newer 1>&2
        exit /b 1
    )
)
if not defined jdk if defined JAVA_HOME call :check "%JAVA_HOME%"
if not defined jdk for %%R in (
    "%ProgramFiles%\Eclipse Adoptium" "%ProgramFiles%\Java" "%ProgramFiles%\Microsoft"
    "%ProgramFiles%\Zulu" "%ProgramFiles%\Amazon Corretto" "%ProgramFiles%\BellSoft"
    "%LOCALAPPDATA%\Programs\Eclipse Adoptium" "%USERPROFILE%\.jdks" "%USERPROFILE%\scoop\apps"
) do if not defined jdk for /d %%D in ("%%~R\*") do if not defined jdk call :check "%%~D"
if not defined jdk for %%J in (java.exe) do if not "%%~$PATH:J"=="" call :check "%%~dp$PATH:J.."
if not defined jdk (
    echo skald: needs a JDK 25 or newer and found none: install one ^(https://adoptium.net^) or set SKALD_JAVA_HOME 1>&2
    exit /b 1
)

if exist "%root%pom.xml" if not exist "%dist%\built" (
    echo skald: not built yet: building ^(a minute or so^) ... 1>&2
    if not exist "%root%target" mkdir "%root%target"
    setlocal
    set "JAVA_HOME=!jdk!"
    pushd "%root%"
    call "%root%mvnw.cmd" -B -q -P quick -Dmaven.test.skip=true -pl cli -am package >"%root%target\launcher-build.log" 2>&1
    if errorlevel 1 (
        popd
        echo skald: the build failed: see %root%target\launcher-build.log 1>&2
        exit /b 1
    )
    popd
    endlocal
)

set "flags=-XX:+DisplayVMOutputToStderr "@%dist%\jvm.args" -XX:+UseSerialGC -Xms32m "-Dskald.root=%root%.""
set "aot=%dist%\java-%version%.aot"
set "vectors=%dist%\vectors-%version%.jar"
rem The Vector API as a module would turn off most of the AOT cache: see VectorJar.
set "module=--add-modules jdk.incubator.vector"
set "boot="-Xbootclasspath/a:%vectors%" -XX:+UnlockExperimentalVMOptions -XX:+EnableVectorSupport -XX:+EnableVectorReboxing -XX:+EnableVectorAggressiveReboxing"
set "start=%module%"
if exist "%aot%" set "start=%boot% "-XX:AOTCache=%aot%""
setlocal DisableDelayedExpansion
"%jdk%\bin\java" %start% %flags% %SKALD_JAVA_OPTS% -jar "%dist%\lib\skald-cli.jar" %*
set "code=%errorlevel%"
if %code% equ 0 if "%~1"=="speak" if not exist "%aot%" (
    rem Once: a training run, from which later starts take loaded classes and profiles.
    "%jdk%\bin\java" -cp "%dist%\lib\skald-cli.jar" dev.skald.cli.launch.Preparation "%vectors%" >nul 2>&1
    "%jdk%\bin\java" %boot% %flags% "-XX:AOTCacheOutput=%aot%" -jar "%dist%\lib\skald-cli.jar" speak "On May 3rd, 2024, Dr. Smith paid for 3 books. Was it worth it?" -o "%dist%\training.wav" --offline >nul 2>&1 <nul
    del /q "%dist%\training.wav" >nul 2>&1
)
exit /b %code%

:check
rem Sets jdk and version if the folder holds a JDK 25 or newer.
if not exist "%~1\bin\java.exe" exit /b
if not exist "%~1\release" exit /b
for /f "usebackq tokens=2 delims==" %%V in (`findstr /b "JAVA_VERSION=" "%~1\release"`) do set "version=%%~V"
for /f "tokens=1 delims=.-+" %%M in ("%version%") do if %%M geq 25 set "jdk=%~f1"
exit /b
