from twinspan.project.graph import ProviderConfiguration, Wanted, read_graph

AWS = "registry.terraform.io/hashicorp/aws"
DOT = r"""
digraph {
	compound = "true"
	subgraph "root" {
		"[root] aws_vpc.a (expand)" [label = "aws_vpc.a", shape = "box"]
		"[root] data.aws_ami.z (expand)" [label = "data.aws_ami.z", shape = "box"]
		"[root] module.m.module.n.aws_vpc.c (expand)" [label = "module.m.module.n.aws_vpc.c", shape = "box"]
		"[root] module.m.module.n.provider[\"registry.terraform.io/hashicorp/aws\"].in-ner" [label = "x"]
		"[root] provider[\"registry.terraform.io/hashicorp/aws\"]" [label = "x", shape = "diamond"]
		"[root] provider[\"registry.terraform.io/hashicorp/aws\"].west" [label = "x", shape = "diamond"]
		"[root] var.n" [label = "var.n", shape = "note"]
		"[root] aws_vpc.a (expand)" -> "[root] provider[\"registry.terraform.io/hashicorp/aws\"]"
		"[root] provider[\"registry.terraform.io/hashicorp/aws\"] (close)" -> "[root] aws_vpc.a (expand)"
	}
}
"""


def test_every_resource_is_found_with_its_module() -> None:
    assert read_graph(DOT).wanted == (
        Wanted(mode="data", type="aws_ami", address="data.aws_ami.z"),
        Wanted(mode="managed", type="aws_vpc", address="aws_vpc.a"),
        Wanted(mode="managed", type="aws_vpc", address="module.m.module.n.aws_vpc.c"),
    )


def test_every_provider_configuration_is_found_with_its_module_and_alias() -> None:
    assert read_graph(DOT).providers == (
        ProviderConfiguration(module="", source=AWS),
        ProviderConfiguration(module="", source=AWS, alias="west"),
        ProviderConfiguration(module="m.n", source=AWS, alias="in-ner"),
    )


def test_nothing_is_found_in_nothing() -> None:
    assert read_graph("digraph {\n}\n") == read_graph("")
