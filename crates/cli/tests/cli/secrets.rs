//! Values of rows reach no file.

use crate::machine::has;
use crate::project::Project;

#[test]
fn a_refused_value_is_in_no_file_and_not_in_the_report() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "refused() { if psql \"$DATABASE_URL~keeps a row\" -qc \"$1\"; then exit 9; fi; }\n\
         refused \"INSERT INTO item VALUES (1, 1, 'hunter2-secret', 1, 1)\"\n\
         refused \"INSERT INTO item VALUES (1, 1, \\$\\$hunter2-secret\\$\\$, 0, -1)\"\n\
         refused \"INSERT INTO item VALUES (1, 1, 'hunter2-' 'secret', 1, 1)\"\n\
         refused \"SELECT 'hunter2-secret'::int\"\n\
         refused \"INSERT INTO shelf VALUES (2, 'hunter2-secret'), (3, 'hunter2-secret')\"\n\
         refused \"INSERT INTO item VALUES (1, 1, NULL, 1, 1), (2, 1, 'hunter2-secret', 1, 1)\"\n",
    );
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.err.contains("hunter2-secret"), "psql shows it to its user:\n{}", ran.err);
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
    assert!(project.records("refused").len() >= 4);
    let mut files = 0;
    for entry in std::fs::read_dir(project.path(".proofmark/latest")).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains("hunter2"), "{} contains it", path.display());
        files += 1;
    }
    assert_eq!(files, 6, "trace, three reports, outcomes, log");
}

#[test]
fn a_password_in_the_command_is_not_recorded() {
    let project = Project::new("true");
    let url = "postgresql://app:hunter2@localhost/other";
    let ran = project.run(&["run", "--", "sh", "-c", "true", "--database", url]).ends_with(3);
    assert!(!project.latest("trace.jsonl").contains("hunter2"));
    assert!(!project.latest("report.json").contains("hunter2"));
    assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "{}", ran.err);
}
