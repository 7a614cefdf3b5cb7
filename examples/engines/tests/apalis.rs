use crate::sandbox::Sandbox;

#[test]
fn the_queue_has_tasks_and_results() {
    let sandbox = Sandbox::new();
    let queue = sandbox.engine().join("queue.json");
    sandbox.run(sandbox.command(env!("CARGO_BIN_EXE_apalis")).arg(&queue));
    let stored = std::fs::read_to_string(queue).unwrap();
    assert!(stored.contains("10 rows as app"), "{stored}");
    sandbox.assert_has_no_secret();
}
