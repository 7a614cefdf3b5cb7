use std::ops::ControlFlow;

use crate::{
    backends::local::{Local, file_name::FileName, key::StoreKey, stored::StoredFile},
    core::error::Error,
};

/// How many damaged files an error names, each with what is wrong with it.
const MAX_NAMED: usize = 20;

/// Listing: without a lock.
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
    /// comes, and nothing is held of those before it. Fails at the end if files are damaged.
    pub(super) fn list_each_now(
        &self,
        each: &mut dyn FnMut(String) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        if !self.folder.check()? {
            return Ok(());
        }
        // Without the key the names are known, and that is what is left of a store whose key is lost.
        let key = self.key_file.load().ok().flatten();
        let (mut damaged, mut problems) = (0, Vec::new());
        for file in self.files_in_order()? {
            match self.listed_name(&file, key.as_ref()) {
                // It was deleted meanwhile.
                Ok(None) => {}
                Ok(Some(name)) => {
                    if each(name).is_break() {
                        return Ok(());
                    }
                }
                Err(error) => {
                    damaged += 1;
                    if damaged <= MAX_NAMED {
                        problems.push(error);
                    }
                }
            }
        }
        if damaged > MAX_NAMED
            && let Some(last) = problems.pop()
        {
            let more = format!("; {} more files cannot be listed", damaged - MAX_NAMED);
            problems.push(last.append(&more));
        }
        Error::join(problems).map_or(Ok(()), Err)
    }

    /// Returns the name of the secret in a file, if the file is whole.
    fn listed_name(&self, file: &str, key: Option<&StoreKey>) -> Result<Option<String>, Error> {
        let Some(stored) = StoredFile::read_any(self.folder.file(file))? else { return Ok(None) };
        let name = stored.name().to_owned();
        let may_open = |key: &StoreKey| stored.kid().is_none_or(|kid| key.kid() == Some(kid));
        if let Some(key) = key.filter(|key| may_open(key)) {
            stored.open(key)?;
        }
        Ok(Some(name))
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
