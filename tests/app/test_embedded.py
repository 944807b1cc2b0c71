async def test_x(database_url: str, redis_url: str) -> None:
    print(database_url, redis_url)


async def test_y(database_url: str, redis_url: str) -> None:
    print(database_url, redis_url)
