// profile/never_grant_table.cc: the table.
#include <array>

#include "profile/never_grant.h"

namespace nono::profile {
namespace {

using enum NeverGrantOwner;
using enum NeverGrantReach;

constexpr auto kRows = std::to_array<NeverGrantRow>({
    {"$XDG_CONFIG_HOME/nono", Nono, Tree, "nono's own keys and policies"},
    {"$XDG_STATE_HOME/nono", Nono, Tree, "nono's own audit log and sessions"},
    {"$XDG_DATA_HOME/nono", Nono, Tree, "nono's own data"},
    {"$XDG_RUNTIME_DIR/nono", Nono, Tree, "nono's own sockets"},
    {"/etc/nono", Nono, PresentTree, "nono's own policies"},

    {"~/.ssh", User, Tree, "SSH keys and who may log in", "known_hosts config *.pub"},
    {"~/.gnupg", User, Tree, "GnuPG keys"},
    {"~/.aws", User, PresentTree, "credentials of AWS"},
    {"~/.azure", User, PresentTree, "credentials of Azure"},
    {"$XDG_CONFIG_HOME/gcloud", User, PresentTree, "credentials of Google Cloud"},
    {"~/.boto", User, PresentTree, "credentials of Google Cloud Storage"},
    {"~/.oci", User, PresentTree, "credentials of Oracle Cloud"},
    {"~/.kube", User, PresentTree, "credentials of Kubernetes clusters"},
    {"~/.docker/config.json", User, PresentTree, "credentials of container registries"},
    {"~/.terraform.d/credentials.tfrc.json", User, PresentTree, "credentials of Terraform"},
    {"~/.databrickscfg", User, PresentTree, "credentials of Databricks"},
    {"~/.s3cfg", User, PresentTree, "credentials of S3"},
    {"~/.vault-token", User, PresentTree, "a token of Vault"},
    {"~/.fly", User, PresentTree, "credentials of Fly.io"},
    {"$XDG_CONFIG_HOME/doctl", User, PresentTree, "credentials of DigitalOcean"},
    {"$XDG_CONFIG_HOME/rclone", User, PresentTree, "credentials of cloud storage"},
    {"$XDG_CONFIG_HOME/gh/hosts.yml", User, PresentTree, "a token of GitHub"},
    {"$XDG_CONFIG_HOME/glab-cli", User, PresentTree, "a token of GitLab"},
    {"$XDG_CONFIG_HOME/hub", User, PresentTree, "a token of GitHub"},
    {"~/.git-credentials", User, PresentTree, "passwords of git hosts"},
    {"$XDG_CONFIG_HOME/git/credentials", User, PresentTree, "passwords of git hosts"},
    {"~/.netrc", User, PresentTree, "passwords of hosts"},
    {"~/.pypirc", User, PresentTree, "credentials of package indexes"},
    {"~/.cargo/credentials*", User, PresentTree, "credentials of package registries"},
    {"~/.gem/credentials", User, PresentTree, "credentials of package registries"},
    {"~/.pgpass", User, PresentTree, "passwords of databases"},
    {"~/.my.cnf", User, PresentTree, "passwords of databases"},

    {"~/.mozilla", User, PresentTree, "browser profiles"},
    {"~/.thunderbird", User, PresentTree, "mail and its passwords"},
    {"$XDG_CONFIG_HOME/google-chrome*", User, PresentTree, "browser profiles"},
    {"$XDG_CONFIG_HOME/chromium", User, PresentTree, "browser profiles"},
    {"$XDG_CONFIG_HOME/BraveSoftware", User, PresentTree, "browser profiles"},
    {"$XDG_CONFIG_HOME/microsoft-edge*", User, PresentTree, "browser profiles"},
    {"$XDG_CONFIG_HOME/vivaldi*", User, PresentTree, "browser profiles"},
    {"$XDG_CONFIG_HOME/opera*", User, PresentTree, "browser profiles"},
    {"~/snap/firefox", User, PresentTree, "browser profiles"},
    {"~/snap/chromium", User, PresentTree, "browser profiles"},
    {"~/.var/app", User, PresentTree, "data of Flatpak applications, browsers among them"},

    {"$XDG_DATA_HOME/keyrings", User, PresentTree, "the GNOME keyring"},
    {"$XDG_DATA_HOME/kwalletd", User, PresentTree, "the KDE wallet"},
    {"~/.password-store", User, PresentTree, "the password store"},
    {"~/.pki", User, PresentTree, "private keys of certificates"},
    {"$XDG_CONFIG_HOME/Bitwarden*", User, PresentTree, "a password manager"},
    {"$XDG_CONFIG_HOME/1Password", User, PresentTree, "a password manager"},
    {"$XDG_CONFIG_HOME/op", User, PresentTree, "a password manager"},
    {"$XDG_CONFIG_HOME/keepassxc", User, PresentTree, "a password manager"},
    {"~/.bitcoin", User, PresentTree, "a wallet"},
    {"~/.ethereum", User, PresentTree, "a wallet"},
    {"~/.electrum", User, PresentTree, "a wallet"},
    {"$XDG_CONFIG_HOME/solana", User, PresentTree, "a wallet"},

    {"$XDG_RUNTIME_DIR", User, Directory, "sockets of your session"},
    {"$XDG_RUNTIME_DIR/keyring", User, PresentTree, "the keyring's sockets"},
    {"$XDG_RUNTIME_DIR/gnupg", User, PresentTree, "the GnuPG agent's sockets"},
    {"$XDG_RUNTIME_DIR/bus", User, PresentTree, "the session bus: it starts programs outside"},
    {"$XDG_RUNTIME_DIR/systemd", User, PresentTree, "the user manager: it starts programs outside"},
    {"$XDG_RUNTIME_DIR/docker*", User, PresentTree, "a container engine: it is as good as root"},
    {"$XDG_RUNTIME_DIR/podman", User, PresentTree, "a container engine: it mounts what you own"},

    {"/etc/shadow*", System, PresentTree, "password hashes"},
    {"/etc/gshadow*", System, PresentTree, "password hashes"},
    {"/etc/security/opasswd", System, PresentTree, "password hashes"},
    {"/etc/sudoers", System, PresentTree, "who may become root"},
    {"/etc/sudoers.d", System, PresentTree, "who may become root"},
    {"/etc/ssh/ssh_host_*_key", System, PresentTree, "the host's SSH keys"},
    {"/etc/ssl/private", System, PresentTree, "private keys of certificates"},
    {"/etc/pki/tls/private", System, PresentTree, "private keys of certificates"},
    {"/etc/letsencrypt", System, PresentTree, "private keys of certificates"},
    {"/etc/krb5.keytab", System, PresentTree, "the host's Kerberos keys"},
    {"/etc/wireguard", System, PresentTree, "private keys of networks"},
    {"/etc/openvpn", System, PresentTree, "private keys of networks"},
    {"/etc/NetworkManager/system-connections", System, PresentTree, "passwords of networks"},
    {"/etc/kubernetes", System, PresentTree, "credentials of Kubernetes clusters"},
    {"/etc/rancher", System, PresentTree, "credentials of Kubernetes clusters"},

    {"/run/docker.sock", System, PresentTree, "a container engine: it is as good as root"},
    {"/run/containerd", System, PresentTree, "a container engine: it is as good as root"},
    {"/run/podman", System, PresentTree, "a container engine: it is as good as root"},
    {"/run/crio", System, PresentTree, "a container engine: it is as good as root"},
    {"/run/dbus", System, PresentTree, "the system bus: it starts programs outside"},
    {"/run/user", System, Directory, "sockets of sessions"},
    {"/run/secrets", System, PresentTree, "secrets given to this container"},
    {"/var/run/secrets", System, PresentTree, "secrets given to this container"},
    {"/var/lib/docker", System, PresentTree, "images and volumes of a container engine"},
    {"/var/lib/containerd", System, PresentTree, "images and volumes of a container engine"},
    {"/var/lib/kubelet", System, PresentTree, "credentials of Kubernetes clusters"},

    {"/proc", System, Tree, "settings of the kernel and other processes", "*"},
    {"/sys", System, Tree, "settings of the kernel and its devices", "*"},
    {"/dev", System, Directory, "devices of the machine"},
    {"/dev/mem", System, PresentTree, "the machine's memory"},
    {"/dev/kmem", System, PresentTree, "the machine's memory"},
    {"/dev/port", System, PresentTree, "the machine's ports"},
    {"/dev/mapper", System, PresentTree, "block devices"},
    {"/dev/block", System, PresentTree, "block devices"},
    {"/dev/disk", System, PresentTree, "block devices"},
    {"/dev/input", System, PresentTree, "what is typed on this machine"},
    {"/dev/uinput", System, PresentTree, "it types in your name"},
    {"/dev/shm", System, Directory, "memory shared with programs outside"},
    {"/dev/pts", System, Directory, "your other terminals"},
});

}  // namespace

std::span<const NeverGrantRow> never_grant_rows() {
  return kRows;
}

}  // namespace nono::profile
