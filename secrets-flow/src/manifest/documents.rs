use crate::manifest::{
    node::{ManifestNode, map},
    yaml,
};

/// Documents, each with the kind of the object.
#[derive(Debug)]
pub struct Documents(pub Vec<ManifestNode>);

impl Documents {
    /// Returns the mistakes of texts that contain `{{`, which Argo would replace: one for each text, with where it is.
    pub fn placeholders(&self) -> Vec<String> {
        let mut found: Vec<(String, String, usize)> = Vec::new();
        for document in &self.0 {
            document.each_text("", &mut |path, text| {
                if !text.contains("{{") {
                    return;
                }
                // An option is in the template of each step.
                match found.iter_mut().find(|(known, ..)| known == text) {
                    Some((.., more)) => *more += 1,
                    None => found.push((text.to_owned(), path.to_owned(), 0)),
                }
            });
        }
        let mistakes = found.into_iter().map(|(_, path, more)| {
            let more = match more {
                0 => String::new(),
                1 => " and in one other place".to_owned(),
                more => format!(" and in {more} other places"),
            };
            format!("`{{{{` in {path}{more}: Argo would replace it, so write the text without it")
        });
        mistakes.collect()
    }

    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self.0.iter().map(yaml::write).collect();
        documents.join("---\n")
    }

    /// Returns one object, or a list of several.
    pub fn to_json(&self) -> String {
        let document = match self.0.as_slice() {
            [document] => document.clone(),
            documents => map([
                ("apiVersion", "v1".into()),
                ("items", ManifestNode::List(documents.to_vec())),
                ("kind", "List".into()),
            ]),
        };
        // Maps with texts as keys can be written as JSON.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        format!("{text}\n")
    }
}
