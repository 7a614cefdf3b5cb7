use std::fs;

/// The local users and groups. Directory services are not asked, so a group of theirs counts as shared.
pub(super) struct Accounts {
    pub(super) passwd: String,
    pub(super) group: String,
}

impl Accounts {
    pub(super) fn of_the_system() -> Self {
        let read =
            |path: &str| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        Self { passwd: read("/etc/passwd"), group: read("/etc/group") }
    }

    /// Returns the name of a user.
    pub(super) fn name_of(&self, user: u32) -> Option<&str> {
        let user = user.to_string();
        // name:password:uid:gid:..
        let mut users = self.passwd.lines().map(|line| line.split(':'));
        users.find_map(|mut fields| {
            let name = fields.next()?;
            (fields.nth(1)? == user).then_some(name)
        })
    }

    /// Returns whether `group` is the private group of the user `owner`: it has the user's id, or it is the
    /// user's primary group and has the user's name; and nobody else is a member.
    pub(super) fn is_private(&self, owner: u32, group: u32) -> bool {
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
        // name:password:uid:gid:..
        let users = self.passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, uid) = (fields.next()?, number(fields.nth(1))?);
            Some((name, uid, number(fields.next())?))
        });
        let users: Vec<(&str, u32, u32)> = users.collect();
        let is_owner = |name: &str| users.iter().any(|(n, uid, _)| *n == name && *uid == owner);
        // name:password:gid:member,member
        let groups = self.group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, gid) = (fields.next()?, number(fields.nth(1))?);
            Some((name, gid, fields.next().unwrap_or_default()))
        });
        let groups: Vec<(&str, u32, &str)> = groups.filter(|(_, gid, _)| *gid == group).collect();

        let primary = users.iter().any(|(_, uid, gid)| *uid == owner && *gid == group);
        let named = groups.iter().any(|(name, _, _)| is_owner(name));
        let mut members = groups.iter().flat_map(|(_, _, members)| members.split(','));
        let alone = members.all(|member| member.trim().is_empty() || is_owner(member.trim()))
            && users.iter().all(|(_, uid, gid)| *gid != group || *uid == owner);
        alone && (group == owner || primary && named)
    }
}
