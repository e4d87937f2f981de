@echo off
rem Starts Skald on Windows as skald does elsewhere: finds a JDK 25, builds what is not built, runs
rem the command. After a change of sources: delete cli\target\skald\built, and it builds again.
setlocal EnableExtensions DisableDelayedExpansion
rem Programs are not looked for where the caller stands.
set "NoDefaultCurrentDirectoryInExePath=1"
set "root=%~dp0"
set "dist=%root%cli\target\skald"
set "jar=%dist%\lib\skald-cli.jar"
set "command=%~1"
rem What of the command line and of a person's options the flags depend on: without quotes.
set line=%*
set "plain="
if defined line set "plain=%line:"=%"
set "mode="
if defined plain if not "%plain:--mode cinematic=%"=="%plain%" set "mode=cinematic"
if defined plain if not "%plain: --model =%"=="%plain%" set "mode=cinematic"
rem A running server speaks: nothing is computed here.
set "remote="
if defined SKALD_SERVER set "remote=yes"
if defined plain if not "%plain: --server=%"=="%plain%" set "remote=yes"
if defined plain if not "%plain: --batch=%"=="%plain%" set "remote="
if defined SKALD_JAVA_OPTS set "remote="
if not "%command%"=="speak" set "remote="
set "wish="
if defined SKALD_JAVA_OPTS set "wish=%SKALD_JAVA_OPTS:"=%"
set "memory= -Xms192m"
rem A heap never gives back what it began with, and an idle server should.
if "%command%"=="serve" set "memory= -Xms32m"
set "collector= -XX:+UseSerialGC"
rem What a person asks for must not contradict what comes before it.
if defined wish if not "%wish:-Xm=%"=="%wish%" set "memory="
if defined wish if not "%wish:GC=%"=="%wish%" set "collector="
setlocal EnableDelayedExpansion

set "jdk="
if defined SKALD_JAVA_HOME (
    call :check "!SKALD_JAVA_HOME!"
    if not defined jdk (
        echo skald: SKALD_JAVA_HOME ^(!SKALD_JAVA_HOME!^) is not a JDK 25 or newer 1>&2
        exit /b 1
    )
)
if not defined jdk if defined JAVA_HOME call :check "!JAVA_HOME!"
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
    del /q "%dist%\*.aot" "%dist%\vectors-*.jar" >nul 2>&1
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

if defined remote goto remote

rem The Vector API without its warning and its start-up cost, and a picocli that can be cached, once a build.
set "vectors=%dist%\vectors-%version%.jar"
set "modern="
pushd "%dist%\lib"
for %%P in (picocli-*.jar) do set "modern=%dist%\lib\%%P"
popd
if not exist "%vectors%" "%jdk%\bin\java" -cp "%jar%" dev.skald.cli.launch.Preparation "%vectors%" "%modern%" >nul 2>&1

rem The AOT caches: one for mode fast and all else, one for mode cinematic. An empty one is that of a
rem training run that failed.
set "fast=%dist%\java-%version%.aot"
set "aot=%fast%"
if defined mode set "aot=%dist%\java-%version%-cinematic.aot"
set "cache="
for %%F in ("%fast%" "%aot%") do if exist "%%~F" if %%~zF gtr 0 if exist "%vectors%" set "cache=%%~F"

set "flags=--add-modules jdk.incubator.vector"
if exist "%vectors%" set "flags="-Xbootclasspath/a:%vectors%" "-Dskald.vectors=%vectors%" "@%dist%\vectors.args""
set "flags=%flags% "@%dist%\jvm.args" "-Dskald.root=%root%.""
rem Weights fill the heap: it must not grow by two thirds of them beyond what is used.
set "free=-XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=20"
if defined mode set "free=-XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10"
set "flags=%flags% %free%"

rem The server's libraries lie apart: no other start opens their jars.
set "start="@%dist%\server.args" -cp "%jar%;%dist%\lib\server\*" dev.skald.cli.Main"
for %%C in (speak demo text voices convert doctor bench dev) do if "!command!"=="%%C" set "start=-jar "%jar%""
set "cached="
if defined cache set "cached="-XX:AOTCache=%cache%""

setlocal DisableDelayedExpansion
"%jdk%\bin\java" %flags%%memory%%collector% %cached% %SKALD_JAVA_OPTS% %start% %*
set "code=%errorlevel%"
if not %code% equ 0 exit /b %code%
if not "%command%"=="speak" exit /b 0
if exist "%aot%" exit /b 0
if not exist "%vectors%" exit /b 0

rem Once a build and mode, in the background: a training run, from which later starts take loaded
rem classes and profiles.
set "text=On May 3rd, 2024, Dr. Smith paid for 3 books. Was it worth it? Yes, she said; it was."
set "as="
if defined mode set "text=Was it worth 3 books?"
if defined mode set "as=--mode cinematic --seed 1"
set "background=start "" /b /low"
if "%SKALD_PREPARE%"=="wait" set "background="
%background% "%jdk%\bin\java" -cp "%jar%" dev.skald.cli.launch.Training "%aot%" "%jdk%\bin\java.exe" %flags% -Xms192m -XX:+UseSerialGC -jar "%jar%" speak "%text%" %as% <nul >nul 2>&1
exit /b 0

:remote
setlocal DisableDelayedExpansion
"%jdk%\bin\java" "@%dist%\remote.args" "-Dskald.root=%root%." -cp "%jar%" dev.skald.cli.Main %*
exit /b

:check
rem Sets jdk and version if the folder holds a JDK 25 or newer.
if not exist "%~1\bin\java.exe" exit /b
if not exist "%~1\release" exit /b
set "found="
for /f "usebackq tokens=1,2 delims==" %%K in ("%~1\release") do if "%%K"=="JAVA_VERSION" set "found=%%~L"
for /f "tokens=1 delims=.-+" %%M in ("%found%") do if %%M geq 25 set "jdk=%~f1"& set "version=%found%"
exit /b
