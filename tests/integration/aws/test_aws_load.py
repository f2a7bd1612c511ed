"""Many clients at once."""

from concurrent.futures import ThreadPoolExecutor

from aws_twin import Twin

pytest_plugins = ("aws_fixtures",)


def test_eight_clients_at_once_each_get_their_own_answers(twin: Twin) -> None:
    clients = [twin.client("ec2") for _ in range(8)]  # making one is not safe in threads, using it is

    def work(number: int) -> int:
        ec2 = clients[number]
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        for part in range(5):
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.{part}.0/24")
            ec2.describe_route_tables()
            ec2.describe_vpn_connections()
        return len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [5] * 8
    for client in clients:
        client.close()
