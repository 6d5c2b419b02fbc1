"""The policy of the house asks only analyzers that this product installs."""

from veilleur import plugins
from veilleur.triage import house_policy, house_policy_text, load_policy


def test_the_house_policy_passes_the_check_that_people_s_policies_must_pass():
    assert load_policy(house_policy_text(), plugins.names(plugins.ANALYZERS)) == house_policy()
