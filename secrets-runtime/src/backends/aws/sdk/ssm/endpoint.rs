use aws_config::SdkConfig;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;

use crate::{
    backends::aws::sdk::settings::texts::said,
    core::error::{Error, ErrorKind},
};

/// Returns the address of Systems Manager in a region: the one that is set, else AWS's own.
///
/// # Errors
/// `InvalidConfig` if the settings exclude one another, or the SDK's rules have no address for them.
pub(super) async fn endpoint(config: &SdkConfig, region: &str) -> Result<String, Error> {
    if let Some(set) = configured(config) {
        return Ok(set);
    }
    // By the rules of STS, which are those of Systems Manager with another name.
    let params = Params::builder()
        .region(region)
        .use_fips(config.use_fips().unwrap_or_default())
        .use_dual_stack(config.use_dual_stack().unwrap_or_default())
        .use_global_endpoint(false)
        .build()
        .map_err(|error| wrong(&said(&error)))?;
    let found = ResolveEndpoint::resolve_endpoint(&DefaultResolver::new(), &params).await;
    let found = found.map_err(|error| wrong(&said(&*error)))?;
    Ok(found.url().replacen("://sts", "://ssm", 1))
}

/// Returns the address that is set in code, in the environment or in the profile.
fn configured(config: &SdkConfig) -> Option<String> {
    let general = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return general();
    }
    let key = ServiceConfigKey::builder()
        .service_id("SSM")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.service_config().and_then(|set| set.load_config(key)).or_else(general)
}

fn wrong(said: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("there is no address of AWS Parameter Store: {said}"),
    )
    .with_help("look at the region, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT")
}

#[cfg(test)]
mod tests {
    use aws_config::Region;

    use super::*;
    use crate::rt::block_on::block_on;

    fn address(region: &'static str, fips: bool, dual_stack: bool) -> String {
        let config = SdkConfig::builder().region(Region::new(region));
        let config = config.use_fips(fips).use_dual_stack(dual_stack).build();
        block_on(endpoint(&config, region)).unwrap()
    }

    /// As the SDK's own crate for Systems Manager has them in its tests.
    #[test]
    fn the_addresses_are_those_of_systems_manager() {
        for (region, fips, dual_stack, wanted) in [
            ("us-east-1", false, false, "https://ssm.us-east-1.amazonaws.com"),
            ("eu-west-3", false, false, "https://ssm.eu-west-3.amazonaws.com"),
            ("ca-central-1", true, false, "https://ssm-fips.ca-central-1.amazonaws.com"),
            ("us-west-2", true, false, "https://ssm-fips.us-west-2.amazonaws.com"),
            ("us-east-1", false, true, "https://ssm.us-east-1.api.aws"),
            ("us-east-1", true, true, "https://ssm-fips.us-east-1.api.aws"),
            ("cn-north-1", false, false, "https://ssm.cn-north-1.amazonaws.com.cn"),
            ("cn-north-1", false, true, "https://ssm.cn-north-1.api.amazonwebservices.com.cn"),
            ("us-gov-west-1", false, false, "https://ssm.us-gov-west-1.amazonaws.com"),
            ("us-gov-east-1", true, false, "https://ssm.us-gov-east-1.amazonaws.com"),
            ("us-gov-east-1", true, true, "https://ssm-fips.us-gov-east-1.api.aws"),
            ("us-iso-east-1", false, false, "https://ssm.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", true, false, "https://ssm-fips.us-isob-east-1.sc2s.sgov.gov"),
        ] {
            assert_eq!(address(region, fips, dual_stack), wanted);
        }
    }

    #[test]
    fn an_address_that_is_set_is_taken() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:1").build();
        assert_eq!(block_on(endpoint(&config, "us-east-1")).unwrap(), "http://127.0.0.1:1");
    }
}
