//! ExternalSecrets of the External Secrets Operator, for what the backend `file` reads
//! (<https://external-secrets.io/latest/api/externalsecret/>).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use secrets_runtime::admin::SourceRoute;
use secrets_spec::{BuiltIn, Source};

use crate::{
    args::program_args::Policy,
    commands::policy::{
        distinct_names::{MAX_NAME, MadeName, distinct_names},
        kubernetes::object_name,
    },
    output::escape::json_string,
};

/// A file or folder that the backend `file` reads, and what is mounted there.
#[derive(Debug, Default)]
struct Mount {
    /// The secret in the store: as the code writes the source.
    remote: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The whole text in one file.
    Text,
    /// All fields, a file for each.
    AllFields,
    /// These fields, a file for each.
    Fields(BTreeSet<String>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Fields(BTreeSet::new())
    }
}

/// Returns an ExternalSecret for each path, with the lines of a Pod that mount it below this folder.
pub fn objects(routes: &[SourceRoute], folder: &Path, args: &Policy) -> Vec<String> {
    let mut mounts: BTreeMap<String, Mount> = BTreeMap::new();
    for route in routes.iter().filter(|route| route.is_of(BuiltIn::File.name())) {
        let (path, remote, content) = match &route.key {
            Some(key) if route.id.is_empty() => (key.clone(), key.clone(), Content::Text),
            Some(key) => {
                let fields = BTreeSet::from([key.clone()]);
                (route.id.clone(), route.group.clone(), Content::Fields(fields))
            }
            None => {
                let remote = Source::parse(&route.source).map(|source| source.id().to_owned());
                let remote = remote.unwrap_or_else(|_| route.source.clone());
                // With a format it is one file, whatever is in it.
                let content = match route.options.payload_format() {
                    Some(_) => Content::Text,
                    None => Content::AllFields,
                };
                (route.id.clone(), remote, content)
            }
        };
        let mount = mounts.entry(path).or_default();
        mount.remote = remote;
        mount.content = match (std::mem::take(&mut mount.content), content) {
            (Content::Fields(known), Content::Fields(more)) => {
                Content::Fields(known.into_iter().chain(more).collect())
            }
            (known, Content::Fields(_)) => known,
            (_, more) => more,
        };
    }
    let made = mounts.keys().map(|path| MadeName { text: path, name: object_name(path) });
    let names = distinct_names(made.collect(), MAX_NAME);
    let made = names.iter().map(|text| MadeName { text, name: volume_name(text) });
    let volumes = distinct_names(made.collect(), MAX_VOLUME_NAME);
    let named = names.iter().zip(&volumes).zip(&mounts);
    named.map(|(names, (path, mount))| object(names, path, mount, folder, args)).collect()
}

/// The most characters of the name of a volume, which is a DNS label (RFC 1123).
const MAX_VOLUME_NAME: usize = 63;

/// Returns the name of a volume for an object. It has no dots, which the name of an object may have.
fn volume_name(object: &str) -> String {
    let name: String = object.replace('.', "-").chars().take(MAX_VOLUME_NAME).collect();
    name.trim_matches('-').to_owned()
}

fn object(
    (name, volume): (&String, &String),
    path: &str,
    mount: &Mount,
    folder: &Path,
    args: &Policy,
) -> String {
    let (name, volume) = (json_string(name), json_string(volume));
    let remote = json_string(&mount.remote);
    let file = path.rsplit('/').next().unwrap_or(path);
    let (data, sub_path) = match &mount.content {
        Content::AllFields => {
            (format!("  dataFrom:\n    - extract:\n        key: {remote}\n"), String::new())
        }
        Content::Text => (
            format!(
                "  data:\n    - secretKey: {file}\n      remoteRef:\n        key: {remote}\n",
                file = json_string(file)
            ),
            format!(", subPath: {}", json_string(file)),
        ),
        Content::Fields(fields) => {
            let fields = fields.iter().map(|field| {
                let field = json_string(field);
                format!(
                    "    - secretKey: {field}\n      remoteRef:\n        key: {remote}\n        property: {field}\n"
                )
            });
            (format!("  data:\n{}", fields.collect::<String>()), String::new())
        }
    };
    let place = json_string(&folder.join(path).display().to_string());
    format!(
        "# In the Pod, which reads it with SECRETS_FILE_DIR={folder}:\n\
         #   volumes: [{{ name: {volume}, secret: {{ secretName: {name} }} }}]\n\
         #   volumeMounts: [{{ name: {volume}, mountPath: {place}{sub_path}, readOnly: true }}]\n\
         apiVersion: external-secrets.io/v1\n\
         kind: ExternalSecret\n\
         metadata:\n  name: {name}\n  namespace: {namespace}\n\
         spec:\n  refreshInterval: \"1h\"\n  secretStoreRef:\n    kind: SecretStore\n    name: {store}\n  \
         target:\n    name: {name}\n{data}",
        folder = json_string(&folder.display().to_string()),
        namespace = json_string(&args.namespace),
        store = json_string(&args.secret_store),
    )
}
