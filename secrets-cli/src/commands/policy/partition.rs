//! The partitions of AWS, and the parts of ARNs.

/// The start of a region's name, its partition, and the DNS suffix of the partition's services
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
const PARTITIONS: [(&str, &str, &str); 8] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("", "aws", "amazonaws.com"),
];

/// Returns the partition of a region.
pub fn partition_of(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(start, ..)| region.starts_with(start)).map_or("aws", |row| row.1)
}

/// Returns the DNS suffix of the services of a partition.
pub fn dns_suffix_of(partition: &str) -> &'static str {
    let row = PARTITIONS.iter().find(|(_, known, _)| *known == partition);
    row.map_or("amazonaws.com", |row| row.2)
}

/// Returns a part of an ARN, unless it is empty.
pub fn arn_part(arn: &str, index: usize) -> Option<&str> {
    arn.split(':').nth(index).filter(|part| !part.is_empty())
}

/// Returns what of a text a `Sid` may have.
pub fn alphanumeric(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}
