# Fetches Debian's etcd and kubectl from the mirror $2, builds its kube-apiserver, and puts the three programs into $1.
# Nothing is installed, and no setting of the machine is changed: apt-get works in folders of its own.
set -eu
programs=$1 mirror=$2
work=$(dirname "$programs")/work
mkdir -p "$work/apt/none" "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/packages" "$work/source"
cd "$work"

for kind in deb deb-src; do
    echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main"
done > apt/sources.list
cat > apt/apt.conf <<END
Dir::State "$work/apt";
Dir::State::status "/dev/null";
Dir::Cache "$work/apt";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "$work/apt/none";
Dir::Etc::preferencesparts "$work/apt/none";
APT::Sandbox::User "root";
END
export APT_CONFIG="$work/apt/apt.conf"
apt-get update --quiet
(cd packages && apt-get download --quiet golang-1.19-go golang-1.19-src etcd-server kubernetes-client \
    golang-github-modern-go-reflect2-dev)
(cd source && apt-get source --quiet --download-only kubernetes)

for package in packages/*.deb; do dpkg-deb --extract "$package" root; done
export GOROOT="$work/root/usr/lib/go-1.19" GOPATH="$work/go" GOCACHE="$work/cache" GO111MODULE=off CGO_ENABLED=0
PATH="$GOROOT/bin:$PATH"
kubernetes="$GOPATH/src/k8s.io/kubernetes"
rm -rf "$kubernetes" && mkdir -p "$kubernetes"
tar --extract --gzip --file source/kubernetes_*.orig.tar.gz --strip-components=1 --directory "$kubernetes"
cd "$kubernetes"

# Version 1.0.1, which it has, crashes when it is built with Go 1.18 or newer.
rm -rf vendor/github.com/modern-go/reflect2
cp -R "$work/root/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/

# The description of its API is generated, and not in the source.
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
described=$(find -L vendor/k8s.io pkg -name '*.go' -not -path '*/code-generator/*' -not -path '*/sample-apiserver/*' \
    -exec grep -l '+k8s:openapi-gen=' {} + | xargs -n1 dirname | LC_ALL=C sort -u | sed 's,^,k8s.io/kubernetes/,' | paste -sd,)
"$work/openapi-gen" --logtostderr -i "$described" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations"

version=k8s.io/component-base/version
go build -trimpath -o "$work/kube-apiserver" \
    -ldflags "-s -w -X $version.gitMajor=1 -X $version.gitMinor=20 -X $version.gitVersion=v1.20.2" ./cmd/kube-apiserver

# Complete or not there.
cd "$work"
mkdir -p "$programs.new"
cp kube-apiserver root/usr/bin/etcd root/usr/bin/kubectl "$programs.new"
rm -rf "$programs" && mv "$programs.new" "$programs"
cd / && rm -rf "$work"
