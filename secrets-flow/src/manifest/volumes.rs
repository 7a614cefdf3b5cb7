use secrets_runtime::__flow::MappedSource;

/// A Secret of Kubernetes in the file system of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMount {
    pub secret: String,
    /// The name of the volume.
    pub volume: String,
    pub path: String,
}

/// Returns the Secrets of these sources, each where the backend `file` looks for the source.
pub fn mounts<'a>(
    folder: &str,
    sources: impl Iterator<Item = &'a MappedSource>,
) -> Vec<SecretMount> {
    let mut mounts: Vec<SecretMount> = Vec::new();
    for source in sources {
        let (Some(secret), Some(id)) = (&source.kubernetes_secret, &source.id) else { continue };
        let path = format!("{}/{id}", folder.trim_end_matches('/'));
        if mounts.iter().any(|mount| mount.path == path && mount.secret == *secret) {
            continue;
        }
        let known = mounts.iter().find(|mount| mount.secret == *secret);
        let volume = match known {
            Some(mount) => mount.volume.clone(),
            None => volume_name(secret, &mounts),
        };
        mounts.push(SecretMount { secret: secret.clone(), volume, path });
    }
    mounts
}

/// Returns the mistakes of Secrets that cannot be in one pod.
pub fn conflicts(mounts: &[SecretMount]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, one) in mounts.iter().enumerate() {
        for other in &mounts[..index] {
            let is_inside = |outer: &str, inner: &str| inner.starts_with(&format!("{outer}/"));
            if one.path == other.path
                || is_inside(&one.path, &other.path)
                || is_inside(&other.path, &one.path)
            {
                found.push(format!(
                    "the Secrets `{}` and `{}` would be mounted at {} and {}: set another `id` for one of them",
                    other.secret, one.secret, other.path, one.path
                ));
            }
        }
    }
    found
}

/// Returns a name for a volume, which is a label and at most 63 long, as that of a Secret need not be.
fn volume_name(secret: &str, mounts: &[SecretMount]) -> String {
    let label: String = format!("secret-{secret}").replace('.', "-").chars().take(59).collect();
    let label = label.trim_end_matches('-');
    let is_free = |name: &str| mounts.iter().all(|mount| mount.volume != name);
    let numbered = (2..).map(|number| format!("{label}-{number}"));
    let mut names = std::iter::once(label.to_owned()).chain(numbered);
    names.find(|name| is_free(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn source(id: &str, secret: &str) -> MappedSource {
        MappedSource {
            name: id.to_owned(),
            id: Some(id.to_owned()),
            fields: BTreeMap::new(),
            kubernetes_secret: Some(secret.to_owned()),
        }
    }

    #[test]
    fn a_secret_is_one_volume_with_a_valid_name() {
        let long = "a".repeat(100);
        let sources =
            [source("db", "a.b"), source("x", "a-b"), source("y", "a.b"), source("z", &long)];
        let mounts = mounts("/run/secrets/", sources.iter());
        let names: Vec<_> = mounts.iter().map(|mount| mount.volume.as_str()).collect();
        assert_eq!(names[..3], ["secret-a-b", "secret-a-b-2", "secret-a-b"]);
        assert!(names[3].len() <= 63);
        assert_eq!(mounts[0].path, "/run/secrets/db");
        assert_eq!(conflicts(&mounts), [""; 0]);
    }

    #[test]
    fn secrets_do_not_share_a_folder() {
        for (one, other) in [("db", "db"), ("db", "db/inner"), ("db/inner", "db")] {
            let mounts = mounts("/s", [source(one, "a"), source(other, "b")].iter());
            assert_eq!(conflicts(&mounts).len(), 1, "{one} {other}");
        }
        assert!(conflicts(&mounts("/s", [source("a", "x"), source("ab", "y")].iter())).is_empty());
    }
}
