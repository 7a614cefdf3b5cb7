use std::ops::ControlFlow;

use crate::{
    backends::local::{Local, file_name::FileName, stored::peek_name},
    core::{error::Error, warning},
};

/// Listing: without a lock and without the key.
impl Local {
    pub(super) fn list_now(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        self.list_each_now(&mut |name| {
            names.push(name);
            ControlFlow::Continue(())
        })?;
        names.sort_unstable();
        Ok(names)
    }

    /// In the order of the files, whose names come from the folder alone: a file is opened when its turn
    /// comes, and nothing is held of those before it.
    pub(super) fn list_each_now(
        &self,
        each: &mut dyn FnMut(String) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        if !self.folder.check()? {
            return Ok(());
        }
        let (mut unreadable, mut first) = (0, None);
        for file in self.files_in_order()? {
            match peek_name(&self.folder.file(&file)) {
                // It was deleted meanwhile.
                Ok(None) => {}
                Ok(Some(name)) => {
                    if each(name).is_break() {
                        break;
                    }
                }
                Err(error) => {
                    unreadable += 1;
                    first.get_or_insert(error);
                }
            }
        }
        if let Some(problem) = first.as_ref().and_then(|error| error.problems().first()) {
            warning::warn(&format!(
                "{unreadable} of the files in {} cannot be listed; the first: {}",
                self.dir().display(),
                problem.message()
            ));
        }
        Ok(())
    }

    /// Returns the files of current versions in [`FileName`]'s order, and last those whose name is not of a secret.
    fn files_in_order(&self) -> Result<impl Iterator<Item = String> + use<>, Error> {
        let (mut files, mut odd) = (Vec::new(), Vec::new());
        for file in self.folder.current_files()? {
            let file = file?;
            match FileName::of_current(&file) {
                Some(name) => files.push(name),
                None => odd.push(file),
            }
        }
        files.sort_unstable();
        // A file that is replaced while the folder is read may be met twice.
        files.dedup();
        Ok(files.into_iter().map(|file| file.current()).chain(odd))
    }
}
