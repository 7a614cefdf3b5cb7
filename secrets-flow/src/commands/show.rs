//! `show`: the steps of a flow, and what each declares.

use serde_json::{Value, json};

use crate::{
    arguments::ShowFormat,
    failure::CommandFailure,
    plan::FlowPlan,
    program::print,
    step::{DeclarationState, FlowStep},
};

/// What is printed for the declaration of a closure.
const UNKNOWN: &str = "unknown";

/// Prints the steps in a format.
pub fn run(flow: &FlowPlan, format: ShowFormat) -> Result<u8, CommandFailure> {
    let shown: Vec<Value> = flow.steps.iter().map(step_json).collect::<Result<_, _>>()?;
    let text = match format {
        ShowFormat::Json => {
            let document = json!({"version": 1, "flow": flow.name, "steps": shown});
            format!("{document:#}\n")
        }
        ShowFormat::Text => lines(flow, &shown),
        ShowFormat::Mermaid => mermaid(flow, &shown),
    };
    print(&text).map_err(|error| CommandFailure::Other(error.to_string(), 1))?;
    Ok(0)
}

fn step_json(step: &FlowStep) -> Result<Value, CommandFailure> {
    let (declared, guard) = match step.declaration_state()? {
        DeclarationState::Known(function) => {
            let declaration = serde_json::to_value(&function.declaration);
            let error = |error: serde_json::Error| CommandFailure::Other(error.to_string(), 1);
            (Some(declaration.map_err(error)?), function.guard)
        }
        DeclarationState::Unknown => (None, None),
    };
    let member = |name: &str| declared.as_ref().map_or(json!(UNKNOWN), |it| it[name].clone());
    let seconds = step.timeout.map(|timeout| {
        let seconds = timeout.as_secs_f64();
        if timeout.subsec_nanos() == 0 { json!(timeout.as_secs()) } else { json!(seconds) }
    });
    Ok(json!({
        "step": step.name,
        "after": step.after,
        "sources": member("sources"),
        "requests": member("secret_requests"),
        "role": declared.as_ref().map(|it| it["role"].clone()),
        "guard": guard,
        "retry": step.retry,
        "timeout": seconds,
    }))
}

fn lines(flow: &FlowPlan, shown: &[Value]) -> String {
    let mut text = format!("{}\n", flow.name);
    for step in shown {
        text += &format!("\n{}\n", plain(&step["step"]));
        let after = texts(&step["after"]);
        if !after.is_empty() {
            text += &format!("  after    {}\n", after.join(", "));
        }
        text += &format!("  secrets  {}\n", declared(step).join(", "));
        for (name, value) in [("role", &step["role"]), ("guard", &step["guard"])] {
            if !value.is_null() {
                text += &format!("  {name:<7}  {}\n", plain(value));
            }
        }
        if step["retry"] != 0 {
            text += &format!("  retry    {}\n", step["retry"]);
        }
        if !step["timeout"].is_null() {
            text += &format!("  timeout  {} s\n", step["timeout"]);
        }
    }
    text
}

/// Returns the sources and requests of a step, each as one text.
fn declared(step: &Value) -> Vec<String> {
    if step["sources"] == UNKNOWN {
        return vec![UNKNOWN.to_owned()];
    }
    let mut all = texts(&step["sources"]);
    for request in step["requests"].as_array().into_iter().flatten() {
        let parts = ["group", "key"].map(|name| request[name].as_str().unwrap_or_default());
        all.push(parts.join("/").trim_matches('/').to_owned());
    }
    if all.is_empty() {
        all.push("those attached at launch (--with)".to_owned());
    }
    all
}

fn mermaid(flow: &FlowPlan, shown: &[Value]) -> String {
    let mut text = format!("---\ntitle: {}\n---\nflowchart TD\n", flow.name);
    // A name of a step may be a word of Mermaid, such as `end`, so nodes are numbered.
    let node = |name: &str| {
        let place = flow.steps.iter().position(|step| step.name == name);
        format!("s{}", place.unwrap_or_default())
    };
    for step in shown {
        let name = plain(&step["step"]);
        let secrets = declared(step).join("<br/>").replace('"', "#quot;");
        text += &format!("  {}[\"{name}<br/><small>{secrets}</small>\"]\n", node(&name));
    }
    for step in shown {
        for before in texts(&step["after"]) {
            text += &format!("  {} --> {}\n", node(&before), node(&plain(&step["step"])));
        }
    }
    text
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(plain).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
