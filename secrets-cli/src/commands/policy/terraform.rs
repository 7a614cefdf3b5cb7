//! Policy documents as data sources of Terraform.

use crate::{
    commands::policy::document::{PolicyDocument, Principal, Statement},
    output::escape::json_string,
};

/// Returns a document as `data "aws_iam_policy_document"` with this name.
pub fn data_source(name: &str, document: &PolicyDocument) -> String {
    let statements: Vec<String> = document.statements().iter().map(statement).collect();
    let name = json_string(name);
    format!("data \"aws_iam_policy_document\" {name} {{\n{}}}\n", statements.join("\n"))
}

/// Returns a text as a name in Terraform: letters, digits, `_` and `-`, and no digit at the start.
pub fn identifier(text: &str) -> String {
    let replace = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = text.replace("::", "_").chars().map(replace).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name
    } else {
        format!("_{name}")
    }
}

fn statement(statement: &Statement) -> String {
    let mut text = String::from("  statement {\n");
    text.push_str(&format!("    sid     = {}\n", string(&statement.sid)));
    text.push_str("    effect  = \"Allow\"\n");
    text.push_str(&format!("    actions = {}\n", list(&statement.actions)));
    if !statement.resources.is_empty() {
        text.push_str(&format!("    resources = {}\n", list(&statement.resources)));
    }
    if let Some(Principal::Aws(arn)) = &statement.principal {
        let identifiers = list(std::slice::from_ref(arn));
        text.push_str(&format!(
            "\n    principals {{\n      type        = \"AWS\"\n      identifiers = {identifiers}\n    }}\n"
        ));
    }
    if let Some((key, value)) = &statement.condition {
        let values = list(std::slice::from_ref(value));
        text.push_str(&format!(
            "\n    condition {{\n      test     = \"StringEquals\"\n      variable = {}\n      values   = {values}\n    }}\n",
            string(key)
        ));
    }
    text.push_str("  }\n");
    text
}

fn list(texts: &[String]) -> String {
    match texts {
        [text] => format!("[{}]", string(text)),
        texts => {
            let lines = texts.iter().map(|text| format!("      {},\n", string(text)));
            format!("[\n{}    ]", lines.collect::<String>())
        }
    }
}

/// Returns a text in quotes, in which nothing is a template.
fn string(text: &str) -> String {
    json_string(text).replace("${", "$${").replace("%{", "%%{")
}
